# picture.dat, one line per cell: title, ratio prepared, ratio planned each time
if (int(system("wc -l < picture.dat")) == 0) exit
set terminal svg size 960,480 font 'sans-serif,13' background '#ffffff' noenhanced
set output 'performance.svg'
set title "One batch of 500 keys: times as fast as the best hand-written SQL (red line: equal)" font 'sans-serif,15'
set yrange [0:*]
set style data histograms
set style histogram clustered gap 1.2
set style fill solid noborder
set boxwidth 0.9
set grid ytics linecolor '#dddddd'
set border 3 linecolor '#666666'
set lmargin 9
set bmargin 8
set rmargin 14
set xtics nomirror scale 0 rotate by -28 left offset -1,0 font 'sans-serif,12'
set ytics nomirror
set key outside top center horizontal
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead linecolor '#cc3311' linewidth 2 dashtype 2 front
plot 'picture.dat' using 2:xtic(1) title 'prepared statement' linecolor rgb '#336791', \
     '' using 3 title 'planned each time' linecolor rgb '#8fb8d8', \
     '' using ($0 - 0.2):2:(sprintf('%.1f', $2)) with labels offset 0,0.6 font 'sans-serif,10' notitle, \
     '' using ($0 + 0.2):3:(sprintf('%.1f', $3)) with labels offset 0,0.6 font 'sans-serif,10' notitle
